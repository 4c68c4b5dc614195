# sojourn_add_task(<name> <source>...) builds <name>.so, which loads with the host's library nowhere in sight: it
# links the SDK alone, exports the entry point alone (hidden visibility would still leave symbols of the
# C++ library), and -z defs turns a call into the host or LibTorch into a link error instead of a crash at
# load time. Beside it goes <name>.json, what the library says of itself.
#
# OUTPUT_DIRECTORY: where, instead of lib/sojourn/tasks of the build.
set(SOJOURN_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/sojourn_plugin.map)

function(sojourn_add_task name)
  cmake_parse_arguments(PARSE_ARGV 1 task "" "OUTPUT_DIRECTORY" "")
  if(NOT task_OUTPUT_DIRECTORY)
    set(task_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/sojourn/tasks)
  endif()
  add_library(${name} MODULE ${task_UNPARSED_ARGUMENTS})
  target_compile_features(${name} PRIVATE cxx_std_17)
  target_link_libraries(${name} PRIVATE sojourn::sdk sojourn_options)
  # One source gives one plugin, byte for byte, wherever it is built.
  target_compile_options(${name} PRIVATE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -fdebug-prefix-map=${PROJECT_BINARY_DIR}=.)
  target_link_options(${name} PRIVATE LINKER:--version-script=${SOJOURN_PLUGIN_MAP})
  if(NOT SOJOURN_SANITIZE)  # the sanitizers' functions come from the program that loads the library
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(${name} PROPERTIES
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${task_OUTPUT_DIRECTORY}
    BUILD_RPATH ""
    PREFIX ""
    LINK_DEPENDS ${SOJOURN_PLUGIN_MAP})
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND sojourn_describe $<TARGET_FILE:${name}> > ${task_OUTPUT_DIRECTORY}/${name}.json
    VERBATIM)
  add_dependencies(${name} sojourn_describe)
endfunction()
