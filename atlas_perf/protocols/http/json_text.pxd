cpdef bytes encode_json(value)
cpdef object decode_json(bytes text)
