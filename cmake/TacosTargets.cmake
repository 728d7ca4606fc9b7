# How every tacos target is built. Flags travel on INTERFACE targets, never globally, so that a dependency's own headers
# and a consumer's own targets keep theirs.

add_library(tacos_warnings INTERFACE)
target_compile_options(tacos_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wcast-align -Wformat=2 -Wimplicit-fallthrough
  $<$<BOOL:${TACOS_WARNINGS_AS_ERRORS}>:-Werror>)

add_library(tacos_sanitizers INTERFACE)
if(TACOS_SANITIZE)
  target_compile_options(tacos_sanitizers INTERFACE
    -fsanitize=${TACOS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(tacos_sanitizers INTERFACE -fsanitize=${TACOS_SANITIZE})
endif()

add_library(tacos_build INTERFACE)
target_link_libraries(tacos_build INTERFACE tacos_warnings tacos_sanitizers)
target_compile_definitions(tacos_build INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
# Every tacos header is included by its path below src/.
target_include_directories(tacos_build INTERFACE ${CMAKE_SOURCE_DIR}/src)

# tacos_room(<folder> SOURCES … DEPENDS …): the one static library of a folder below src/.
# The library of src/tacos-load is called tacos_load; of src/net, tacos_net.
function(tacos_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;PCH" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(${name} PUBLIC ${ROOM_DEPENDS} PRIVATE tacos_build)
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  if(ROOM_PCH)
    target_precompile_headers(${name} PRIVATE ${ROOM_PCH})
  endif()
endfunction()

# tacos_test(<name> LABEL <unit|integration|e2e|lint> SOURCES … DEPENDS …): one GoogleTest program.
function(tacos_test name)
  cmake_parse_arguments(TEST "" "LABEL;TIMEOUT" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE ${TEST_DEPENDS} tacos_build GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE TACOS_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                             TACOS_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${TEST_LABEL} TIMEOUT ${TEST_TIMEOUT})
endfunction()
