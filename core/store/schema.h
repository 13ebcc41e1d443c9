// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/error.h"

#include <filesystem>

namespace SQLite {
class Database;
}

namespace mpo {

/// The version that this program writes; stands in PRAGMA user_version of every project.db.
int schemaVersion();

/// Brings an empty or older database to schemaVersion(), one transaction a step, so that a crash leaves a version that
/// exists. Throws Error: not a project, or made by a newer version of the program.
void upgradeSchema(SQLite::Database& database, const std::filesystem::path& file);

/// What checkSchema() throws for an older database.
struct OutdatedSchema : Error
{
    using Error::Error;
};

/// For readers, who must not change anything. Throws Error: not a project, newer, or older than schemaVersion().
void checkSchema(SQLite::Database& database, const std::filesystem::path& file);

} // namespace mpo
