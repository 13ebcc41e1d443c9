// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/arguments.h"
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "core/engine/rank_service.h"
#include "core/support/error.h"
#include "core/support/thread_spinning.h"

#include <algorithm>
#include <csignal>
#include <new>
#include <string>

namespace {

/// One sentence on one line, whatever the message came from.
int complain(std::string message, int status)
{
    std::replace(message.begin(), message.end(), '\n', ' ');
    mpo::cli::note("mpo: " + message);
    return status;
}

} // namespace

int main(int argc, char** argv)
{
    using namespace mpo::cli;
    mpo::limitThreadSpinning(argv);
    // A reader that goes away must not kill a training run: writing fails instead, and the run is stopped in good
    // order.
    std::signal(SIGPIPE, SIG_IGN);
    bool laterRank = false;
    try {
        laterRank = mpo::isLaterRank();
        const Arguments arguments = parseArguments(argc, argv);
        const int status = laterRank ? serveOtherRank() : arguments.action(arguments.global);
        flushOutput();
        return status;
    } catch (const UsageError& error) {
        if (laterRank) // rank 0 has the same arguments and says it
            return 2;
        return complain(error.what(), 2);
    } catch (const mpo::Error& error) {
        return complain(error.what(), 1);
    } catch (const std::bad_alloc&) {
        return complain("not enough memory; a smaller batch_size or max_length needs less", 1);
    } catch (const std::exception& error) {
        return complain(std::string("unexpected error: ") + error.what(), 1);
    }
}
