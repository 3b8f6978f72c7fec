UPDATE turnover SET orders = orders + 1, amount = amount + $2 WHERE shard = $1
