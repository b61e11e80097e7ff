#include "cli/app.h"

int main(int argc, char** argv) { return pistachio::cli::run_app(argc, argv); }
