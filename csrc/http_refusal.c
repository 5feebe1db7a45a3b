#include "http_refusal.h"

const char *http_refusal_name(http_refusal refusal) {
#define HTTP_REFUSAL_NAME(constant, name) #name,
    static const char *const names[] = {"", HTTP_REFUSALS(HTTP_REFUSAL_NAME)};
#undef HTTP_REFUSAL_NAME
    return refusal < HTTP_REFUSAL_COUNT ? names[refusal] : "";
}
