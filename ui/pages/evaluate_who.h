// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QFrame>

class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace mpo {

/// Asks who judges a session, before its first item: a new name, or one of those who have begun. Remembers the name for
/// the next session.
class EvaluateWho : public QFrame
{
    Q_OBJECT
public:
    explicit EvaluateWho(Project& project, QWidget* parent = nullptr);

    void open(const EvaluationRow& row);
    void showError(const QString& sentence);

Q_SIGNALS:
    void chosen(const QString& annotator, int share); ///< share 0: the first that is free
    void left();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void listAnnotators(const EvaluationRow& row);
    void start();

    Project& m_project;
    QLabel* m_hint = nullptr;
    QLineEdit* m_name = nullptr;
    QLabel* m_shareLabel = nullptr;
    QSpinBox* m_share = nullptr;
    QLabel* m_error = nullptr;
    QWidget* m_known = nullptr;
    QGridLayout* m_knownGrid = nullptr;
};

/// People who judge a session or have begun to, by name, with how far they are. Judges that are models are not among
/// them.
struct AnnotatorProgress
{
    QString name;
    std::int64_t judged = 0, items = 0;
};
std::vector<AnnotatorProgress> annotatorProgress(const Project& project, const EvaluationRow& row);

QString annotatorTitle(const QString& name); ///< "without a name" for the empty one

} // namespace mpo
