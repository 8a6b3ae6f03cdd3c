# One interface target that carries the warnings and the sanitizers.
add_library(limn_flags INTERFACE)
target_compile_options(limn_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Wshadow -Wundef
    -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wcast-align -Wwrite-strings>)
target_compile_definitions(limn_flags INTERFACE _GNU_SOURCE)
if(LIMN_WERROR)
    target_compile_options(limn_flags INTERFACE -Werror)
endif()
if(LIMN_SANITIZE)
    target_compile_options(limn_flags INTERFACE -fsanitize=${LIMN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(limn_flags INTERFACE -fsanitize=${LIMN_SANITIZE})
endif()
