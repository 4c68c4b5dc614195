/* The contract as a plugin in C sees it. */
#include <sojourn/task_abi.h>

typedef char sojourn_str_is_frozen[sizeof(sojourn_str) == 16 ? 1 : -1];
typedef char sojourn_array_is_frozen[sizeof(sojourn_array) == 24 ? 1 : -1];
typedef char sojourn_named_is_frozen
    [sizeof(sojourn_named) == sizeof(sojourn_str) + sizeof(sojourn_array) ? 1 : -1];
typedef char sojourn_value_is_frozen[sizeof(sojourn_value) == 16 ? 1 : -1];
typedef char sojourn_option_is_frozen[sizeof(sojourn_option) == 40 ? 1 : -1];

int sojourn_header_compiles(void);
int sojourn_header_compiles(void) { return SOJOURN_OK; }
