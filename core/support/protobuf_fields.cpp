// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/protobuf_fields.h"

#include "core/support/error.h"

namespace mpo {

bool ProtobufFields::next()
{
    if (m_rest.empty())
        return false;
    const std::uint64_t key = takeVarint();
    if (key >> 32 != 0 || key >> 3 == 0)
        fail("{} holds a field with the impossible number {}", m_what, key >> 3);
    number = std::uint32_t(key >> 3);
    wire = static_cast<Wire>(key & 7U);
    value = 0;
    bytes = {};
    switch (wire) {
    case Wire::Varint:
        value = takeVarint();
        break;
    case Wire::Fixed64:
        bytes = take(8);
        break;
    case Wire::Fixed32:
        bytes = take(4);
        break;
    case Wire::Bytes:
        bytes = take(takeVarint());
        break;
    default:
        fail("{} holds a field of the unknown kind {}", m_what, key & 7U);
    }
    return true;
}

std::uint64_t ProtobufFields::takeVarint()
{
    std::uint64_t result = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (m_rest.empty())
            fail("{} ends inside a number", m_what);
        const auto byte = static_cast<unsigned char>(m_rest.front());
        m_rest.remove_prefix(1);
        if (shift < 64)
            result |= std::uint64_t(byte & 0x7FU) << shift;
        if ((byte & 0x80U) == 0)
            return result;
    }
    fail("{} holds a number of more than ten bytes", m_what);
}

std::string_view ProtobufFields::take(std::uint64_t length)
{
    if (length > m_rest.size())
        fail("{} ends inside a field", m_what);
    const std::string_view taken = m_rest.substr(0, std::size_t(length));
    m_rest.remove_prefix(std::size_t(length));
    return taken;
}

} // namespace mpo
