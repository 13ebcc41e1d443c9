// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"
#include "core/store/project.h"
#include "ui/key_store.h"

#include <QFrame>

#include <utility>
#include <vector>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace mpo {

class EngineBridge;
class ItemPicker;
class Notice;
class WorkProgress;

/// Lets a model judge a session that is still open: one behind an endpoint, one on this machine, or a reward model. The
/// API key goes to the engine and, if wanted, into the system's keychain, and nowhere else.
class EvaluateJudgeForm : public QFrame
{
    Q_OBJECT
public:
    explicit EvaluateJudgeForm(EngineBridge& bridge, QWidget* parent = nullptr);

    void open(const EvaluationRow& row, const QString& title);
    void setKeyStore(std::unique_ptr<KeyStore> keys); ///< null: none; until then the system's

Q_SIGNALS:
    void closed();
    /// How many verdicts there are now, not which; or why it failed while the form was put away.
    void ended(const QString& sentence, bool failed);

private:
    /// Kinds of judges that a field is for.
    enum For { Endpoint = 1, Local = 2, Reward = 4, Asked = Endpoint | Local, Any = Asked | Reward };
    void add(int row, int column, const QString& text, QWidget* field, int kinds, int columns = 1);
    void setUpFields();
    QWidget* makeKey();
    QWidget* makeLimits();
    void showKind();
    void updateState();
    void lookUpKey(); ///< that is kept for the address
    void keepKey(); ///< or forgets it, as the box says
    JudgeKind kind() const;
    JudgeEvaluation command() const;
    void start();
    void showError(const QString& sentence);

    EngineBridge& m_bridge;
    std::unique_ptr<KeyStore> m_keys;
    EvaluationRow m_row;
    QString m_keyKeptFor; ///< account of the keychain that has the key shown
    bool m_waiting = false; ///< for the command that was posted
    std::string m_asked; ///< its session
    QString m_said; ///< what came of it

    QGridLayout* m_grid = nullptr;
    std::vector<std::pair<QWidget*, int>> m_fields; ///< with the kinds that each is for
    QLabel* m_title = nullptr;
    QComboBox* m_kind = nullptr;
    QLineEdit* m_address = nullptr;
    QLineEdit* m_remoteModel = nullptr;
    QLineEdit* m_key = nullptr;
    QCheckBox* m_keep = nullptr;
    ItemPicker* m_localModel = nullptr;
    ItemPicker* m_rewardModel = nullptr;
    QDoubleSpinBox* m_margin = nullptr;
    ItemPicker* m_template = nullptr;
    QCheckBox* m_bothOrders = nullptr;
    QDoubleSpinBox* m_maxCost = nullptr; ///< 0: no limit
    QDoubleSpinBox* m_promptPrice = nullptr;
    QDoubleSpinBox* m_answerPrice = nullptr;
    QSpinBox* m_perMinute = nullptr; ///< 0: no limit
    QLineEdit* m_name = nullptr;
    QLabel* m_hint = nullptr;
    Notice* m_error = nullptr;
    WorkProgress* m_progress = nullptr;
    QPushButton* m_close = nullptr;
    QPushButton* m_start = nullptr;
};

} // namespace mpo
