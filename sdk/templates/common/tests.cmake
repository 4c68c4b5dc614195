# ctest --test-dir build: does the task keep the contract, and does a study train on it and score it?
enable_testing()
add_test(NAME check COMMAND ${SOJOURN_PROGRAM} check $<TARGET_FILE:@NAME@> --data ${CMAKE_CURRENT_SOURCE_DIR}/data)
add_test(NAME study COMMAND ${SOJOURN_PROGRAM} run ${CMAKE_CURRENT_SOURCE_DIR}/study.toml
  --plugin-path $<TARGET_FILE_DIR:@NAME@> --out ${CMAKE_CURRENT_BINARY_DIR}/test-run --store ${CMAKE_CURRENT_BINARY_DIR}/test-store)
