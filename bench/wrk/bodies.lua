-- Posts the bodies of a file, one a line, in turn.
dofile("bench/wrk/lines.lua")
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
  return wrk.format(nil, nil, nil, next_line())
end
