package server

import (
	"context"
	"errors"
	"time"
)

// cleanNowAndThen deletes what is over, at once and then regularly, until ctx
// is done.
func (s *Server) cleanNowAndThen(ctx context.Context) {
	every := time.NewTicker(s.Settings.CleanupEvery)
	defer every.Stop()
	for {
		s.clean(ctx)
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

func (s *Server) clean(ctx context.Context) {
	now := time.Now()
	sessions, err := s.Database.DeleteExpiredSessions(ctx, now, now.Add(-s.Idle))
	others, err2 := s.Database.DeleteExpired(ctx, now)
	if err = errors.Join(err, err2); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "expired sessions were not deleted; trying again later", "err", err)
	}
	if sessions+others > 0 {
		s.Log.DebugContext(ctx, "deleted what is over", "sessions", sessions, "others", others)
	}
}
