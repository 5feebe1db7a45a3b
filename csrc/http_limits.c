#include "http_limits.h"

/* The first three are what the client on httptools allows. */
const http_limits http_default_limits = {
    .head_bytes = 256 * 1024,
    .fields = 1000,
    .interim_responses = 100,
    .chunk_size_digits = HTTP_MAX_CHUNK_SIZE_DIGITS,
    .chunk_extension_bytes = 4096,
    .trailer_bytes = 64 * 1024,
};
