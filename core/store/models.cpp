// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"

#include <fmt/format.h>

namespace mpo {

namespace {

constexpr const char* kColumns = "id, name, folder, kind, family, digest, parameters, run, parent, created";

ModelRow rowFrom(SQLite::Statement& query)
{
    ModelRow row;
    row.id = query.getColumn(0).getInt64();
    row.name = query.getColumn(1).getString();
    row.folder = query.getColumn(2).getString();
    row.kind = query.getColumn(3).getString();
    row.family = query.getColumn(4).getString();
    row.digest = query.getColumn(5).getString();
    row.parameters = query.getColumn(6).getInt64();
    if (const auto run = query.getColumn(7); !run.isNull())
        row.run = run.getInt64();
    row.parent = textOrNothing(query.getColumn(8));
    row.created = query.getColumn(9).getString();
    return row;
}

/// The name becomes a folder below models/ and must not lead out of it.
void requireFolderName(const std::string& name)
{
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos
        || name.find('\\') != std::string::npos || name.find('\0') != std::string::npos)
        fail("\"{}\" cannot be the name of a model: it may hold no slash and may not begin with a dot", name);
}

} // namespace

std::int64_t Project::addModel(const ModelRow& model)
{
    requireFolderName(model.name);
    return m_d->write([&] {
        auto old = m_d->statement("SELECT id FROM models WHERE name=?", model.name);
        std::optional<std::int64_t> id;
        if (old.executeStep())
            id = old.getColumn(0).getInt64();
        else
            m_d->requireNewName("models", "model", model.name);
        m_d->statement(
               fmt::format("INSERT OR REPLACE INTO models({}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kColumns).c_str(),
               id, model.name, model.folder, model.kind, model.family, model.digest, model.parameters, model.run,
               model.parent, model.created.empty() ? nowUtc() : model.created)
            .exec();
        return m_d->database.getLastInsertRowid();
    });
}

std::vector<ModelRow> Project::models() const
{
    return m_d->read([&] {
        std::vector<ModelRow> rows;
        auto query = m_d->statement(fmt::format("SELECT {} FROM models ORDER BY id", kColumns).c_str());
        while (query.executeStep())
            rows.push_back(rowFrom(query));
        return rows;
    });
}

std::optional<ModelRow> Project::model(const std::string& name) const
{
    return m_d->read([&]() -> std::optional<ModelRow> {
        auto query = m_d->statement(fmt::format("SELECT {} FROM models WHERE name=?", kColumns).c_str(), name);
        if (!query.executeStep())
            return std::nullopt;
        return rowFrom(query);
    });
}

std::filesystem::path Project::modelFolder(const std::string& name) const
{
    requireFolderName(name);
    return folder() / "models" / name;
}

} // namespace mpo
