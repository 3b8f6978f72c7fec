SELECT id, price FROM instruments JOIN prices ON instrument_id = id WHERE symbol = $1
