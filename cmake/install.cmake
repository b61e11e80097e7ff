# Everything where Debian expects it. lib/ is not CMAKE_INSTALL_LIBDIR here: units are not per architecture.
include(GNUInstallDirs)
install(TARGETS pistachio RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
file(GLOB commands_pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/man/*.1)
install(FILES ${commands_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES man/pistachio.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
install(FILES completions/pistachio.bash RENAME pistachio
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES completions/_pistachio DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES completions/pistachio.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/pistachio.service packaging/pistachio.socket DESTINATION lib/systemd/system)
