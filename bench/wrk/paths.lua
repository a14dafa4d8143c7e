-- Gets the paths of a file, one a line, in turn.
dofile("bench/wrk/lines.lua")

function request()
  return wrk.format(nil, next_line())
end
