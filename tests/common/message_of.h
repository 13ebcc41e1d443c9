// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/error.h"

#include <string>

/// What the operation says when it fails with an Error; "no error" when it does not fail.
template<class F>
std::string messageOf(F&& operation)
{
    try {
        operation();
    } catch (const mpo::Error& error) {
        return error.what();
    }
    return "no error";
}
