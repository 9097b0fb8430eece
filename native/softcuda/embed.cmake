# Joins the device header's parts into one C++ string: cmake -DPARTS=a;b -DOUTPUT=x.cpp -P embed.cmake
set(text "")
foreach(part IN LISTS PARTS)
  file(READ "${part}" content)
  string(REPLACE "#pragma once\n" "" content "${content}")
  string(APPEND text "R\"softcuda(${content})softcuda\"\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by embed.cmake: what every kernel is compiled behind.\n#include \"device_header.h\"\n\n"
  "namespace softcuda\n{\nconst std::string device_header =\n${text};\n}\n")
