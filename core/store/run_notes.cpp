// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"
#include "core/support/log.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace mpo {

namespace {

constexpr std::size_t kMostTags = 32, kLongestTag = 64, kLongestNote = std::size_t(64) << 10;

std::string ofWeekAgo()
{
    // SQLite's own words for a time that compares with ours.
    return "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-7 days')";
}

void requireOne(int changed, std::int64_t id, const std::filesystem::path& folder)
{
    if (changed == 0)
        fail("There is no run {} in {}", id, folder.string());
}

} // namespace

void Project::setRunTags(std::int64_t id, const std::vector<std::string>& tags)
{
    std::vector<std::string> kept;
    for (const std::string& given : tags) {
        const std::string tag(trimmed(given));
        if (tag.empty() || std::find(kept.begin(), kept.end(), tag) != kept.end())
            continue;
        if (tag.size() > kLongestTag
            || std::ranges::any_of(tag, [](char c) { return c == ',' || static_cast<unsigned char>(c) < 0x20; }))
            fail("\"{}\" cannot be a tag: it is a word or two on one line, without commas, of at most {} bytes",
                shortened(toPrintable(tag), 40), kLongestTag);
        kept.push_back(tag);
    }
    if (kept.size() > kMostTags)
        fail("A run can have {} tags at most", kMostTags);
    m_d->write([&] {
        requireOne(
            m_d->statement("UPDATE runs SET tags=? WHERE id=? AND deleted IS NULL", toLine(Json(kept)), id).exec(), id,
            m_d->folder);
    });
}

void Project::setRunNote(std::int64_t id, const std::string& note)
{
    if (note.size() > kLongestNote)
        fail("The note is too long: {} bytes, of {} at most", note.size(), kLongestNote);
    m_d->write([&] {
        requireOne(
            m_d->statement("UPDATE runs SET note=? WHERE id=? AND deleted IS NULL", note, id).exec(), id, m_d->folder);
    });
}

void Project::deleteRun(std::int64_t id)
{
    m_d->write([&] {
        auto query = m_d->statement("SELECT state FROM runs WHERE id=? AND deleted IS NULL", id);
        if (!query.executeStep())
            fail("There is no run {} in {}", id, m_d->folder.string());
        if (query.getColumn(0).getInt() == int(RunState::Running))
            fail("Run {} is running; stop it before it is deleted", id);
        query.reset();
        m_d->statement("UPDATE runs SET deleted=? WHERE id=?", nowUtc(), id).exec();
        m_d->closeMetricFile(id);
    });
}

void Project::restoreRun(std::int64_t id)
{
    m_d->write([&] {
        if (m_d->statement("UPDATE runs SET deleted=NULL WHERE id=? AND deleted IS NOT NULL", id).exec() == 0)
            fail("Run {} is not among the deleted ones; they can be brought back for a week", id);
    });
}

void Project::eraseDeletedRun(std::int64_t id)
{
    const auto runFolder = m_d->read([&] {
        auto query = m_d->statement("SELECT deleted FROM runs WHERE id=?", id);
        if (!query.executeStep() || query.getColumn(0).isNull())
            fail("Run {} is not among the deleted ones", id);
        return m_d->runFolder(id);
    });
    // The folder first: a crash between the two leaves a deleted run without one, which is erased again later.
    std::error_code error;
    std::filesystem::remove_all(runFolder, error);
    if (error)
        fail("{}: the folder cannot be removed ({})", runFolder.string(), error.message());
    m_d->write([&] {
        for (const char* sql :
            {"DELETE FROM metrics WHERE run=?", "DELETE FROM samples WHERE run=?", "DELETE FROM alarms WHERE run=?",
                "UPDATE models SET run=NULL WHERE run=?", "DELETE FROM runs WHERE id=?"})
            m_d->statement(sql, id).exec();
    });
}

void Project::eraseRunsDeletedLongAgo()
{
    for (const std::int64_t id : m_d->read([&] { return m_d->runsDeletedLongAgo(); })) {
        try {
            eraseDeletedRun(id);
        } catch (const Error& error) { // it is tried again at the next opening
            log().warn("{}", error.what());
        }
    }
}

std::vector<std::int64_t> Project::Private::runsDeletedLongAgo()
{
    std::vector<std::int64_t> ids;
    auto query = statement(fmt::format("SELECT id FROM runs WHERE deleted < {}", ofWeekAgo()).c_str());
    while (query.executeStep())
        ids.push_back(query.getColumn(0).getInt64());
    return ids;
}

} // namespace mpo
