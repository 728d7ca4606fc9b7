# tacos_embed(<target> <header> <namespace> NAME=FILE …): puts files into a target as constants `NAME` of type
# std::string_view, declared in <header> (a path below the build's own include directory).
function(tacos_embed target header namespace)
  set(directory ${CMAKE_CURRENT_BINARY_DIR}/embedded)
  string(MD5 id ${header})
  set(source ${directory}/${id}.cc)
  set(files "")
  foreach(pair IN LISTS ARGN)
    string(REGEX REPLACE "^[^=]+=" "" file ${pair})
    list(APPEND files ${file})
  endforeach()
  add_custom_command(
    OUTPUT ${source} ${directory}/${header}
    COMMAND ${CMAKE_COMMAND} -DHEADER=${directory}/${header} -DINCLUDE=${header} -DSOURCE=${source}
            -DNAMESPACE=${namespace} "-DPAIRS=${ARGN}" -P ${CMAKE_SOURCE_DIR}/cmake/WriteEmbedded.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/WriteEmbedded.cmake
    COMMENT "Embedding the files of ${header}"
    VERBATIM)
  target_sources(${target} PRIVATE ${source} ${directory}/${header})
  target_include_directories(${target} PUBLIC ${directory})
endfunction()
