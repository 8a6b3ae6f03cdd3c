# limn_proto(TARGET FILE.proto GEN): protoc-c's C code for FILE in GEN, compiled as an object library; its warnings are not ours.
find_program(LIMN_PROTOC_C protoc-c REQUIRED)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)

function(limn_proto target proto gen)
    get_filename_component(stem ${proto} NAME_WE)
    get_filename_component(dir ${proto} DIRECTORY)
    set(out ${gen}/${stem}.pb-c.c ${gen}/${stem}.pb-c.h)
    file(MAKE_DIRECTORY ${gen})
    add_custom_command(OUTPUT ${out}
        COMMAND ${LIMN_PROTOC_C} --proto_path=${dir} --c_out=${gen} ${proto}
        DEPENDS ${proto} COMMENT "protobuf ${stem}" VERBATIM)
    add_custom_target(${target}_files DEPENDS ${out})
    add_library(${target} OBJECT ${gen}/${stem}.pb-c.c)
    target_compile_options(${target} PRIVATE -w)
    target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C)
    add_dependencies(${target} ${target}_files)
endfunction()
