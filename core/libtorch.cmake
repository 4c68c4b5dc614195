# sojourn::libtorch: an imported target over the include and lib folders of a torch wheel.
#
# The wheel's own CMake package stops where a CUDA build of torch meets a machine without the CUDA
# toolkit, so it isn't used: the headers and shared libraries are all that is needed, and the same
# sources serve the CPU and the CUDA build.
#
# The wheel is that of the active Python environment, if it has torch 2.13 or newer, else that of
# .venv, which scripts/setup makes. -DSOJOURN_PYTHON=/path/to/python overrides both.
set(SOJOURN_TORCH_MINIMUM 2.13)

# Sets `dir` and `version` to the torch package of `python`, or to "" where it has none.
function(sojourn_probe_torch python dir version)
  set(${dir} "" PARENT_SCOPE)
  set(${version} "" PARENT_SCOPE)
  if(NOT EXISTS "${python}")
    return()
  endif()
  execute_process(
    COMMAND "${python}" -c "import importlib.util as u, importlib.metadata as m; s = u.find_spec('torch'); print(s.submodule_search_locations[0], m.version('torch'), sep=';') if s else None"
    OUTPUT_VARIABLE found ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(found)
    list(GET found 0 found_dir)
    list(GET found 1 found_version)
    set(${dir} "${found_dir}" PARENT_SCOPE)
    set(${version} "${found_version}" PARENT_SCOPE)
  endif()
endfunction()

set(candidates "${SOJOURN_PYTHON}")
if(NOT SOJOURN_PYTHON)
  set(candidates "$ENV{VIRTUAL_ENV}/bin/python" "$ENV{CONDA_PREFIX}/bin/python"
                 "${PROJECT_SOURCE_DIR}/.venv/bin/python")
endif()
foreach(python IN LISTS candidates)
  sojourn_probe_torch("${python}" SOJOURN_TORCH_DIR SOJOURN_TORCH_VERSION)
  if(SOJOURN_TORCH_DIR AND SOJOURN_TORCH_VERSION VERSION_GREATER_EQUAL SOJOURN_TORCH_MINIMUM)
    set(SOJOURN_PYTHON_USED "${python}")
    break()
  endif()
endforeach()
if(NOT SOJOURN_PYTHON_USED)
  message(FATAL_ERROR "No torch ${SOJOURN_TORCH_MINIMUM} or newer in the active Python environment or in .venv: "
                      "run scripts/setup, or pass -DSOJOURN_PYTHON=/path/to/python")
endif()
message(STATUS "LibTorch ${SOJOURN_TORCH_VERSION} from ${SOJOURN_TORCH_DIR}")

add_library(sojourn_libtorch INTERFACE)
add_library(sojourn::libtorch ALIAS sojourn_libtorch)
# After the system's own folders: the wheel also carries headers of other libraries (fmt), which must not
# hide those that spdlog was built with.
target_compile_options(sojourn_libtorch INTERFACE
  "SHELL:-idirafter ${SOJOURN_TORCH_DIR}/include"
  "SHELL:-idirafter ${SOJOURN_TORCH_DIR}/include/torch/csrc/api/include")
target_link_directories(sojourn_libtorch INTERFACE ${SOJOURN_TORCH_DIR}/lib)
# LibTorch's libraries export functions of std::filesystem from their own compiler, and whoever comes first is called.
# In 2.11.0+cu130 that crashed (remove_all).
target_link_libraries(sojourn_libtorch INTERFACE
  -Wl,--push-state,--no-as-needed stdc++ -Wl,--pop-state torch torch_cpu c10)
if(EXISTS ${SOJOURN_TORCH_DIR}/lib/libtorch_cuda.so)  # registers the CUDA kernels by being loaded
  target_link_libraries(sojourn_libtorch INTERFACE -Wl,--no-as-needed torch_cuda c10_cuda -Wl,--as-needed)
endif()
set(CMAKE_BUILD_RPATH ${SOJOURN_TORCH_DIR}/lib PARENT_SCOPE)
set(CMAKE_BUILD_RPATH ${SOJOURN_TORCH_DIR}/lib)
set(SOJOURN_PYTHON_USED "${SOJOURN_PYTHON_USED}" PARENT_SCOPE)  # tests compare with its libraries
set(SOJOURN_TORCH_DIR "${SOJOURN_TORCH_DIR}" PARENT_SCOPE)  # the installed program looks for it there
set(SOJOURN_TORCH_VERSION "${SOJOURN_TORCH_VERSION}" PARENT_SCOPE)

# The Python with the project's own packages (scripts/setup --tests), for the tests that need some.
set(SOJOURN_PYTHON_TOOLS ${PROJECT_SOURCE_DIR}/.venv/bin/python)
if(NOT EXISTS ${SOJOURN_PYTHON_TOOLS})
  set(SOJOURN_PYTHON_TOOLS ${SOJOURN_PYTHON_USED})
endif()
set(SOJOURN_PYTHON_TOOLS ${SOJOURN_PYTHON_TOOLS} PARENT_SCOPE)
