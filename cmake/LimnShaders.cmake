# limn_shaders(TARGET SRC GEN): compiles every SRC/*.comp with glslc to words and makes GEN/shaders_gen.h (enum shader_id)
# and GEN/shaders_gen.c (the table). A line "// VARIANT name -DX=1 ..." in a shader adds a second build of it called
# <file>_<name>; "// VARIANTS ONLY" drops the plain one.
find_program(LIMN_GLSLC glslc REQUIRED)

function(limn_shaders target src gen)
    file(GLOB files CONFIGURE_DEPENDS ${src}/*.comp)
    file(MAKE_DIRECTORY ${gen}/spv)
    set(ids "")
    set(table "")
    set(outs "")
    foreach(f IN LISTS files)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${f})
        get_filename_component(stem ${f} NAME_WE)
        file(STRINGS ${f} lines REGEX "^// VARIANT")
        set(builds "${stem}")
        foreach(l IN LISTS lines)
            if(l MATCHES "^// VARIANTS ONLY")
                list(REMOVE_ITEM builds ${stem})
            elseif(l MATCHES "^// VARIANT ([a-z0-9_]+) (.*)$")
                list(APPEND builds ${stem}_${CMAKE_MATCH_1})
                separate_arguments(defs_${stem}_${CMAKE_MATCH_1} UNIX_COMMAND "${CMAKE_MATCH_2}")
            endif()
        endforeach()
        foreach(b IN LISTS builds)
            set(out ${gen}/spv/${b}.inc)
            add_custom_command(OUTPUT ${out}
                COMMAND ${LIMN_GLSLC} -O --target-env=vulkan1.1 -Werror -mfmt=num -MD -MF ${out}.d -I${src} -I${src}/include
                        ${defs_${b}} -o ${out} ${f}
                DEPENDS ${f} DEPFILE ${out}.d COMMENT "GLSL ${b}" VERBATIM)
            list(APPEND outs ${out})
            string(TOUPPER ${b} up)
            string(APPEND ids "    SHADER_${up},\n")
            string(APPEND words "static const uint32_t w_${b}[] = {\n#include \"spv/${b}.inc\"\n};\n")
            string(APPEND table "    {\"${b}\", w_${b}, sizeof(w_${b}) / 4},\n")
        endforeach()
    endforeach()
    file(CONFIGURE OUTPUT ${gen}/shaders_gen.h CONTENT "/* generated from shaders/ */
#ifndef LIMN_SHADERS_GEN_H
#define LIMN_SHADERS_GEN_H
#include <stddef.h>
#include <stdint.h>
enum shader_id {
${ids}    SHADER_COUNT
};
struct shader {
    const char *name;
    const uint32_t *words;
    size_t n_words;
};
extern const struct shader shader_table[SHADER_COUNT + 1];
#endif
")
    file(CONFIGURE OUTPUT ${gen}/shaders_gen.c CONTENT "/* generated from shaders/ */
#include \"shaders_gen.h\"
${words}const struct shader shader_table[SHADER_COUNT + 1] = {
${table}    {NULL, NULL, 0},
};
")
    add_custom_target(${target}_spv DEPENDS ${outs})
    add_library(${target} OBJECT ${gen}/shaders_gen.c)
    set_source_files_properties(${gen}/shaders_gen.c PROPERTIES OBJECT_DEPENDS "${outs}")
    target_include_directories(${target} PUBLIC ${gen})
    add_dependencies(${target} ${target}_spv)
endfunction()
