-- wrk: a body of $body_bytes bytes, uploaded.
wrk.method = "POST"
wrk.body = string.rep("x", $body_bytes)
