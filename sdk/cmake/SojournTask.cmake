# sojourn_add_task(<name> <source>...) builds <name>.so from C11 or C++17, which loads with the host's library nowhere
# in sight: it links the SDK alone, exports the entry point alone (hidden visibility would still leave symbols
# of the C++ library), and -z defs turns a call into the host or LibTorch into a link error instead of a crash at
# load time. Beside it goes <name>.json, what the library says of itself.
#
# The target is called <name>; it is a module like any other: CMAKE_LIBRARY_OUTPUT_DIRECTORY says where it goes.
set(SOJOURN_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/sojourn_plugin.map)

function(sojourn_add_task name)
  add_library(${name} MODULE ${ARGN})
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(CXX IN_LIST languages)
    target_compile_features(${name} PRIVATE cxx_std_17)
  endif()
  if(C IN_LIST languages)
    target_compile_features(${name} PRIVATE c_std_11)
  endif()
  target_link_libraries(${name} PRIVATE sojourn::sdk)
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
    BUILD_RPATH ""
    PREFIX ""
    LINK_DEPENDS ${SOJOURN_PLUGIN_MAP})
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND sojourn::describe $<TARGET_FILE:${name}> > $<TARGET_FILE_DIR:${name}>/${name}.json
    VERBATIM)
  add_dependencies(${name} sojourn::describe)
endfunction()
