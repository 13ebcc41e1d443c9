// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"

#include <QFrame>

#include <array>
#include <set>
#include <string>
#include <vector>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace mpo {

class ItemPicker;
class Notice;
class Project;
class WorkProgress;

/// Form of a new session: two sources or more, or the pairs of a data set themselves, prompts to draw, how responses
/// are sampled, who will judge, by which criteria, and how judges are tested.
class EvaluateNewSession : public QFrame
{
    Q_OBJECT
public:
    explicit EvaluateNewSession(QWidget* parent = nullptr);

    void refresh(const Project& project, const QString& dataset);
    void showProgress(const QString& what, double share, const QString& detail); ///< share < 0: unknown
    void showIdle(const QString& error = {});

Q_SIGNALS:
    void createRequested(const mpo::CreateEvaluation& command);
    void closed();

private:
    void chooseFirst(const Project& project, const QString& dataset);
    void setUpJudging(const CreateEvaluation& defaults);
    QWidget* makeCriteria();
    QWidget* makeMoreSources();
    bool judgesPairs() const; ///< of the data set itself, no sources
    std::vector<QString> sources() const; ///< that are chosen
    void updateState();
    void create();

    ItemPicker* m_modelA = nullptr;
    ItemPicker* m_modelB = nullptr;
    std::array<ItemPicker*, 2> m_moreSources {}; ///< a third and a fourth, once asked for
    QPushButton* m_addSource = nullptr;
    QCheckBox* m_withoutLeaks = nullptr;
    ItemPicker* m_data = nullptr;
    QSpinBox* m_prompts = nullptr;
    QSpinBox* m_maxTokens = nullptr;
    QDoubleSpinBox* m_temperature = nullptr;
    QSpinBox* m_seed = nullptr;
    QSpinBox* m_annotators = nullptr;
    QSpinBox* m_overlap = nullptr;
    QSpinBox* m_repeats = nullptr; ///< per cent of the prompts
    QSpinBox* m_strata = nullptr;
    ItemPicker* m_gold = nullptr;
    QSpinBox* m_goldItems = nullptr;
    ItemPicker* m_reward = nullptr;
    QComboBox* m_criteria = nullptr; ///< presets, and the list typed beside it
    QLineEdit* m_ownCriteria = nullptr;
    QCheckBox* m_strength = nullptr;
    QLineEdit* m_name = nullptr;
    QLabel* m_hint = nullptr;
    Notice* m_error = nullptr;
    WorkProgress* m_progress = nullptr;
    QPushButton* m_create = nullptr;
    QPushButton* m_close = nullptr;
    std::set<std::string> m_scored; ///< data sets with reward gaps
    std::set<std::string> m_pairs; ///< data sets whose own pairs can be judged
    bool m_busy = false;
    bool m_filled = false; ///< the first choices were made
};

} // namespace mpo
