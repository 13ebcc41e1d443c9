// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/pair_search.h"

#include "core/store/project.h"
#include "ui/format.h"

namespace mpo {

namespace {

constexpr std::int64_t kPortion = 500; ///< pairs between two rounds of the event loop

} // namespace

PairSearch::PairSearch(QObject* parent)
    : QObject(parent)
{
    m_timer.setInterval(0);
    connect(&m_timer, &QTimer::timeout, this, &PairSearch::lookOn);
}

void PairSearch::start(const Project& project, const std::string& dataset, std::int64_t total, const QString& text)
{
    m_project = &project;
    m_dataset = dataset;
    m_text = text;
    m_total = total;
    m_looked = 0;
    m_timer.start();
}

void PairSearch::stop() { m_timer.stop(); }

void PairSearch::lookOn()
{
    std::vector<PreferencePair> pairs;
    try {
        pairs = m_project->pairs(m_dataset, m_looked, kPortion);
    } catch (const std::exception&) {
        // The data set was removed meanwhile: nothing more is found.
    }
    std::vector<std::int64_t> found;
    for (std::size_t i = 0; i < pairs.size(); ++i)
        for (const std::string* text : {&pairs[i].prompt, &pairs[i].chosen, &pairs[i].rejected})
            if (toQString(*text).contains(m_text, Qt::CaseInsensitive)) {
                found.push_back(m_looked + std::int64_t(i));
                break;
            }
    m_looked += std::int64_t(pairs.size());
    if (pairs.empty() || m_looked >= m_total) {
        m_looked = m_total;
        m_timer.stop();
    }
    Q_EMIT progress(found, m_looked, m_total);
}

} // namespace mpo
