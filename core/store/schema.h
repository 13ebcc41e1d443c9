// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace SQLite {
class Database;
}

namespace mpo {

/// Brings the tables of a project up to this version: numbered steps, each in a transaction with PRAGMA user_version.
/// Throws Error when the project was made by a newer version.
void migrate(SQLite::Database& database);

} // namespace mpo
