# Everything tacos links against, all of it from Debian 12 (scripts/packages.txt is the list to install).
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS program_options)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)
find_package(PkgConfig REQUIRED)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis>=0.14)

# The charts of report.html; embedded, so that the page needs nothing at run time.
find_path(DYGRAPHS_DIR dygraph.min.js PATHS /usr/share/javascript/dygraphs NO_DEFAULT_PATH REQUIRED
          DOC "Where libjs-dygraphs is")

if(TACOS_BUILD_TESTS OR TACOS_BUILD_FUZZERS)
  find_package(GTest REQUIRED)
endif()
if(TACOS_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
