// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/jinja/value.h"

namespace mpo::jinja {

struct Token
{
    enum class Kind {
        Text,
        VariableBegin,
        VariableEnd,
        BlockBegin,
        BlockEnd,
        Name,
        String,
        Integer,
        Float,
        Operator,
        End
    };
    Kind kind = Kind::End;
    int line = 1;
    std::string name; ///< of Name and Operator
    Value value; ///< of Text, String, Integer and Float
};

/// A failure with the line where it is.
struct SyntaxFailure
{
    int line;
    std::string sentence;
};

/// Splits a template as jinja2 does with trim_blocks and lstrip_blocks and without keep_trailing_newline: the line
/// break behind a block tag goes, as do spaces between the begin of a line and a block tag; "-" strips, "+" keeps. The
/// last token is End. Throws SyntaxFailure.
std::vector<Token> tokenize(std::string_view source);

} // namespace mpo::jinja
