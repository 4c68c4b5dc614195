"""The bundled tasks use nothing but what third parties have."""

import shutil

from prefix import SOURCE

PROJECT = """\
cmake_minimum_required(VERSION 3.25)
project(bundled LANGUAGES CXX)
find_package(SojournSdk 1.0 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tasks)
file(GLOB plugins ${CMAKE_SOURCE_DIR}/*/plugin.cpp)
foreach(plugin ${plugins})
  cmake_path(GET plugin PARENT_PATH folder)
  cmake_path(GET folder FILENAME task)
  sojourn_add_task(${task} ${plugin})
  target_link_libraries(${task} PRIVATE nlohmann_json::nlohmann_json ICU::uc)
endforeach()
"""


def test_all_bundled_tasks_are_built_from_the_installation_alone(prefix, tmp_path):
    project = tmp_path / "bundled"
    for source in (SOURCE / "tasks").glob("*/plugin.cpp"):
        (project / source.parent.name).mkdir(parents=True)
        shutil.copy(source, project / source.parent.name)
    (project / "CMakeLists.txt").write_text(PROJECT)
    built = prefix.build(project) / "tasks"
    bundled = prefix.path / "lib" / "sojourn" / "tasks"
    said = {file.name: file.read_text() for file in built.glob("*.json")}
    assert said == {file.name: file.read_text() for file in bundled.glob("*.json")}
    assert len(said) == len(list((SOURCE / "tasks").glob("*/plugin.cpp")))
