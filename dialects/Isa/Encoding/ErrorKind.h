// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an error is about, for a caller that tells errors apart (in Python each kind is an exception of its
// own). Who throws says it. An Error of no kind is a mistake of Arsis, or one that nobody needs to tell
// apart.
#pragma once

#include "dialects/Isa/Encoding/Error.h"

namespace arsis {

enum class ErrorKind {
  Other,
  Chip,       // a chip's file, or a value of it
  Model,      // a model that cannot be read, compiled or trained
  Infeasible, // each is right for itself, but this chip has no room for it, or cannot run it
  Input,      // an option, a name or an array of the caller
  Program,    // a program that is damaged, unsound, or does what no machine can
  File,       // a file that cannot be read or written
};

class KindError : public Error {
public:
  KindError(ErrorKind kind, const std::string &text) : Error(text), kind(kind) {}

  ErrorKind kind;
};

inline ErrorKind kindOf(const Error &error) {
  const auto *known = dynamic_cast<const KindError *>(&error);
  return known ? known->kind : ErrorKind::Other;
}

template <ErrorKind Kind> class ErrorOf : public KindError {
public:
  explicit ErrorOf(const std::string &text) : KindError(Kind, text) {}
};

using ChipError = ErrorOf<ErrorKind::Chip>;
using ModelError = ErrorOf<ErrorKind::Model>;
using InfeasibleError = ErrorOf<ErrorKind::Infeasible>;
using InputError = ErrorOf<ErrorKind::Input>;
using ProgramError = ErrorOf<ErrorKind::Program>;
using FileError = ErrorOf<ErrorKind::File>;

} // namespace arsis
