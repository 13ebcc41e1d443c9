// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;

namespace mpo {

/// What becomes of a split: its name, Save, Export, and the command line that does the same.
class SplitSavePanel : public QWidget
{
    Q_OBJECT
public:
    explicit SplitSavePanel(QWidget* parent = nullptr);

    QString name() const; ///< empty: the user gave none
    QString nameOrProposal() const;
    void setName(const QString& name);
    void setProposal(const QString& name); ///< what it will be called without a name
    void setSaveEnabled(bool on);
    void setExportEnabled(bool on);
    bool saveEnabled() const;
    /// `lines`: the command with an option a line, to show; `line`: to copy.
    void showCommand(const QString& lines, const QString& line);
    void say(const QString& sentence); ///< below the buttons; empty: nothing

Q_SIGNALS:
    void nameChanged();
    void saveRequested();
    void exportRequested();
    void copied();

private:
    QWidget* makeCommand();

    QLineEdit* m_name = nullptr;
    QPushButton* m_save = nullptr;
    QPushButton* m_export = nullptr;
    QLabel* m_note = nullptr;
    QPlainTextEdit* m_command = nullptr;
    QString m_line;
};

} // namespace mpo
