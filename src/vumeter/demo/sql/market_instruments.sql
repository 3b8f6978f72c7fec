SELECT id, symbol, name FROM instruments WHERE segment = $1 ORDER BY symbol
