SELECT price, at FROM prices WHERE instrument_id = $1
