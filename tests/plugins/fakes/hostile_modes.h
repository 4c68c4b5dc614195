/* What the hostile plugin's head does wrong, by its hidden size. */
#ifndef SOJOURN_TESTS_HOSTILE_MODES_H
#define SOJOURN_TESTS_HOSTILE_MODES_H
enum {
  kUnknownOp = 1,
  kUnknownArgument,
  kMissingArgument,
  kUndeclaredOp,
  kBadInit,
  kBadShape,
  kSameParameter,
  kCallInCreate,
  kForgedOp,
  kForgedTensor,
  kStaleTensor,
  kForgedOutput,
  kNoOutput,
  kWrongOutput,
  kWrongShapes,
  kWrongType,
  kNoSuchType,
  kTooFewValues,
  kLossNoScalar
};
#endif
