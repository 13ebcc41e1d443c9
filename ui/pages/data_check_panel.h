// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset_check.h"

#include <QWidget>

#include <memory>

class QCheckBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QTableView;

namespace mpo {

class DataInspector;
class FindingTableModel;
class ItemPicker;
class LengthHistogram;
class Project;

/// What stands out in a data set: lengths and token counts, duplicates, opposite labels, prompts that another data set
/// has too.
class DataCheckPanel : public QWidget
{
    Q_OBJECT
public:
    DataCheckPanel(Project& project, DataInspector& inspector, QWidget* parent = nullptr);

    void refresh(); ///< models and data sets to choose from
    void setDataset(const QString& name); ///< forgets what was found in another one
    void check();

Q_SIGNALS:
    void rowChosen(std::int64_t row); ///< in the data set, from 0

private:
    QWidget* makeResult();
    void showFindings(const DatasetFindings& findings);
    void updateState();

    Project& m_project;
    DataInspector& m_inspector;
    QString m_dataset;
    ItemPicker* m_model = nullptr;
    ItemPicker* m_against = nullptr;
    QPushButton* m_check = nullptr;
    QProgressBar* m_progress = nullptr;
    QLabel* m_hint = nullptr;
    QLabel* m_error = nullptr;
    QWidget* m_result = nullptr;
    enum Count { Rows, Prompts, Conflicts, Leaks, Identical, Duplicates, Longer, CountCount };
    QWidget* m_cards[CountCount] {};
    QLabel* m_counts[CountCount] {};
    QLabel* m_lengths = nullptr;
    LengthHistogram* m_histogram = nullptr;
    QCheckBox* m_logX = nullptr;
    QTableView* m_table = nullptr;
    QLabel* m_clean = nullptr;
    FindingTableModel* m_findings = nullptr;
};

} // namespace mpo
