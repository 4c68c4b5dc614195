/* What C can't do. */
#ifndef SOJOURN_TESTS_UNRULY_H
#define SOJOURN_TESTS_UNRULY_H
#ifdef __cplusplus
extern "C"
#endif
    void throw_through(void);
#endif
