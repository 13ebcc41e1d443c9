// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace mpo {

/// What ends an operation and is shown to the user as it is: one clear sentence that names the file, line or field and
/// says what to do. Caught in two places only: Engine::run and the command line's main.
class Error : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/// Throws Error with a formatted sentence: fail("{}: line {} is not JSON", file, line).
template<class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args)
{
    throw Error(fmt::format(format, std::forward<Args>(args)...));
}

} // namespace mpo
