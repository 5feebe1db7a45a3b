#include "http_response.h"

enum { IN_HEAD, IN_BODY, IS_COMPLETE, IS_REFUSED };

void http_response_start(http_response *self, const http_limits *limits, http_asked asked) {
    self->limits = limits;
    self->interim_responses = 0;
    self->refusal = HTTP_NOT_REFUSED;
    self->asked = (uint8_t)asked;
    self->stage = IN_HEAD;
    http_head_start(&self->head, asked);
}

static http_event refuse(http_response *self, http_refusal refusal) {
    self->refusal = refusal;
    self->stage = IS_REFUSED;
    return HTTP_EVENT_REFUSED;
}

static http_event next_head(http_response *self, const char *bytes, size_t length,
                            size_t *consumed) {
    if (self->head.interim)
        http_head_start(&self->head, (http_asked)self->asked);
    switch (http_head_feed(&self->head, self->limits, bytes, length)) {
    case HTTP_MORE:
        return HTTP_EVENT_MORE;
    case HTTP_REFUSED:
        return refuse(self, self->head.refusal);
    case HTTP_COMPLETE:
        break;
    }
    if (self->head.interim) {
        if (self->interim_responses == self->limits->interim_responses)
            return refuse(self, HTTP_REFUSED_TOO_MANY_INTERIM);
        self->interim_responses++;
        *consumed = self->head.length;
        return HTTP_EVENT_INTERIM;
    }
    *consumed = self->head.length;
    http_body_start(&self->body, &self->head);
    self->stage = IN_BODY;
    return HTTP_EVENT_HEAD;
}

static http_event next_content(http_response *self, const char *bytes, size_t length,
                               size_t *consumed, http_slice *content) {
    switch (http_body_feed(&self->body, self->limits, bytes, length, consumed, content)) {
    case HTTP_REFUSED:
        *content = (http_slice){0, 0};
        return refuse(self, self->body.refusal);
    case HTTP_COMPLETE:
        self->stage = IS_COMPLETE;
        break;
    case HTTP_MORE:
        break;
    }
    if (content->length > 0)
        return HTTP_EVENT_CONTENT;
    return self->stage == IS_COMPLETE ? HTTP_EVENT_END : HTTP_EVENT_MORE;
}

http_event http_response_next(http_response *self, const char *bytes, size_t length,
                              size_t *consumed, http_slice *content) {
    *consumed = 0;
    *content = (http_slice){0, 0};
    switch (self->stage) {
    case IN_HEAD:
        return next_head(self, bytes, length, consumed);
    case IN_BODY:
        return next_content(self, bytes, length, consumed, content);
    case IS_COMPLETE:
        return HTTP_EVENT_END;
    default:
        return HTTP_EVENT_REFUSED;
    }
}

http_event http_response_end_of_stream(http_response *self) {
    if (self->stage == IN_HEAD)
        return refuse(self, HTTP_REFUSED_TRUNCATED_HEAD);
    if (self->stage == IN_BODY) {
        if (http_body_end_of_stream(&self->body) != HTTP_COMPLETE)
            return refuse(self, HTTP_REFUSED_TRUNCATED_BODY);
        self->stage = IS_COMPLETE;
    }
    return self->stage == IS_COMPLETE ? HTTP_EVENT_END : HTTP_EVENT_REFUSED;
}
