// Not part of Swift's own module of the C library.
#include <malloc.h>
