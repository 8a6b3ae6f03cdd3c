# What `cmake --install` puts where: the program, liblimn shared and static (limn_* only: the version script hides the rest
# of the shared one, the static one is linked to a single object whose hidden symbols become local), header, pkg-config file,
# man page, completion, models and photos.
set(LIMN_ABI 0)
add_library(limn_shared SHARED $<TARGET_OBJECTS:limn_engine> $<TARGET_OBJECTS:limn_shaders_gen>
            $<TARGET_OBJECTS:limn_onnx_gen>)
set_target_properties(limn_shared PROPERTIES OUTPUT_NAME limn VERSION ${PROJECT_VERSION} SOVERSION ${LIMN_ABI} LINKER_LANGUAGE C
                      LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/limn.map)
target_link_options(limn_shared PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/limn.map -Wl,--no-undefined)
target_link_libraries(limn_shared PRIVATE limn_flags ${CMAKE_DL_LIBS} PNG::PNG JPEG::JPEG GIF::GIF ZLIB::ZLIB
                      PkgConfig::JANSSON PkgConfig::PROTOBUF_C PkgConfig::SQLITE Threads::Threads m)
if(TIFF_FOUND)
    target_link_libraries(limn_shared PRIVATE TIFF::TIFF)
    set(LIMN_PC_TIFF " libtiff-4")
endif()

set(static_lib ${CMAKE_BINARY_DIR}/install/liblimn.a)
set(static_object ${CMAKE_BINARY_DIR}/install/limn.o)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/install)
add_custom_command(OUTPUT ${static_lib}
    COMMAND ${CMAKE_LINKER} -r -o ${static_object} --whole-archive $<TARGET_FILE:limn_engine>
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${static_object}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${static_lib}
    COMMAND ${CMAKE_AR} rcs ${static_lib} ${static_object}
    DEPENDS limn_engine COMMENT "liblimn.a" VERBATIM)

set(man ${CMAKE_BINARY_DIR}/docs/limn.1)
set(completion ${CMAKE_BINARY_DIR}/docs/limn.bash)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/docs)
add_custom_command(OUTPUT ${man} ${completion}
    COMMAND limn help --man > ${man}
    COMMAND limn help --bash-completion > ${completion}
    DEPENDS limn COMMENT "man page and completion from the option tables" VERBATIM)
add_custom_target(limn_install_files ALL DEPENDS ${static_lib} ${man} ${completion})

configure_file(${CMAKE_SOURCE_DIR}/cmake/limn.pc.in ${CMAKE_BINARY_DIR}/install/limn.pc @ONLY)

install(TARGETS limn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS limn_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${static_lib} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY engine/include/limn/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/limn FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/install/limn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${man} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME limn)
install(DIRECTORY assets/ DESTINATION ${CMAKE_INSTALL_DATADIR}/limn)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
