# Run by tacos_embed: writes HEADER and SOURCE with the bytes of each NAME=FILE of PAIRS.
set(header "#pragma once\n\n#include <string_view>\n\nnamespace ${NAMESPACE} {\n\n")
set(source "#include \"${INCLUDE}\"\n\nnamespace ${NAMESPACE} {\n")
foreach(pair IN LISTS PAIRS)
  string(REGEX REPLACE "=.*$" "" name ${pair})
  string(REGEX REPLACE "^[^=]+=" "" file ${pair})
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND header "extern const std::string_view ${name};\n")
  string(APPEND source "namespace {\nconstexpr char ${name}Bytes[] = {${bytes}'\\0'};\n}\n"
                       "const std::string_view ${name}{${name}Bytes, sizeof(${name}Bytes) - 1};\n")
endforeach()
file(WRITE ${HEADER} "${header}\n}  // namespace ${NAMESPACE}\n")
file(WRITE ${SOURCE} "${source}}  // namespace ${NAMESPACE}\n")
