// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/second_scores.h"
#include "ui/models/split_data.h"

#include <QObject>
#include <QString>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace mpo {

class Project;

/// Reads a score set, then what the pairs themselves say (lengths, confidence), and writes exports, away from the UI
/// thread: with 1,000,000 pairs each takes seconds. Signals arrive on the thread this object lives on.
class SplitLoader : public QObject
{
    Q_OBJECT
public:
    explicit SplitLoader(Project& project, QObject* parent = nullptr);

    void load(const std::string& scoreSet, const std::string& dataset); ///< drops what is being loaded
    void cancel();
    /// Another scoring of the same pairs, with what tells them apart; drops one that is being loaded.
    void loadSecond(std::shared_ptr<const SplitData> data, const std::string& scoreSet);

    /// easyFile and hardFile: JSON lines with prompt, chosen and rejected (token ids where the data has only those),
    /// responses of flipped pairs exchanged, without those that were dropped.
    void exportSplit(
        std::shared_ptr<const SplitData> data, const SplitRule& rule, const QString& easyFile, const QString& hardFile);

    /// CSV with a row for each pair: its number as on the page, the scores and gap that it counts with (those of a pair
    /// flipped by hand exchanged; none: empty), its bucket, and what was done to it by hand.
    void exportScores(std::shared_ptr<const SplitData> data, const SplitRule& rule, const QString& file);

Q_SIGNALS:
    void loaded(const std::shared_ptr<const mpo::SplitData>& data);
    void lengthsMeasured(const std::shared_ptr<const mpo::PairLengths>& lengths);
    /// How sure people were of each label, NaN: not said; only where some pair has it.
    void confidenceRead(const QString& scoreSet, const std::shared_ptr<const std::vector<float>>& confidence);
    void secondLoaded(const std::shared_ptr<const mpo::SecondScores>& scores);
    void exported(const QString& sentence);
    void failed(const QString& sentence);

private:
    Project& m_project;
    std::jthread m_loading, m_comparing, m_exporting;
};

} // namespace mpo
