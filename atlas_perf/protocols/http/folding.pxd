cpdef str folded(str url)
