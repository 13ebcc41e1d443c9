// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/jinja/value.h"

namespace mpo::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;

/// f(a, name=b, *more, **named)
struct CallArguments
{
    std::vector<ExpressionPtr> positional;
    std::vector<std::pair<std::string, ExpressionPtr>> named;
    ExpressionPtr more, moreNamed; ///< empty: not there
};

struct Expression
{
    enum class Kind {
        Constant, ///< value
        Name, ///< name
        List, ///< parts
        Tuple, ///< parts
        Dict, ///< parts: key, value, key, value ...
        Attribute, ///< parts[0].name
        Item, ///< parts[0][parts[1]]
        Slice, ///< parts[0][parts[1]:parts[2]:parts[3]], which may be empty
        Call, ///< parts[0](arguments)
        Filter, ///< parts[0] | name(arguments); without parts: of what a block wrote
        Test, ///< parts[0] is name(arguments)
        Negate,
        Plus,
        Not,
        Binary, ///< parts[0] name parts[1]
        Concat, ///< parts joined as strings
        Compare, ///< parts[0] signs[0] parts[1] signs[1] parts[2] ...
        And,
        Or,
        Conditional, ///< parts[1] if parts[0] else parts[2], which may be empty
    };
    Kind kind;
    int line;
    std::string name;
    Value value;
    std::vector<ExpressionPtr> parts;
    std::vector<std::string> signs; ///< "==" "<" ... "in" "notin"
    CallArguments arguments;
    int depth = 1; ///< of the tree
};

struct Statement;
using Block = std::vector<Statement>;

/// Where a value goes: a name, an attribute of a namespace, or several of them.
struct Target
{
    int line = 1;
    std::string name, attribute; ///< attribute empty: a plain name
    bool isTuple = false;
    std::vector<Target> parts; ///< of a tuple
};

struct Parameter
{
    std::string name;
    ExpressionPtr fallback; ///< empty: none
};

/// A macro, or the body of a call block.
struct MacroSyntax
{
    std::string name;
    std::vector<Parameter> parameters;
    Block body;
    bool usesKwargs = false, usesVarargs = false, usesCaller = false; ///< it reads these names
};

struct Statement
{
    enum class Kind {
        Text, ///< text
        Print, ///< expression
        If, ///< expression, body, otherwise
        For, ///< target, expression, condition, body, otherwise
        Set, ///< target, expression
        SetBlock, ///< target, body, expression: filters or empty
        With, ///< targets, values, body
        FilterBlock, ///< expression: filters; body
        Macro, ///< macro
        CallBlock, ///< expression: the call; macro: its body
        Generation, ///< body
        Break,
        Continue,
    };
    Kind kind;
    int line = 1;
    Text text;
    ExpressionPtr expression, condition;
    Target target;
    std::vector<Target> targets;
    std::vector<ExpressionPtr> values;
    Block body, otherwise;
    std::shared_ptr<const MacroSyntax> macro;
};

} // namespace mpo::jinja
